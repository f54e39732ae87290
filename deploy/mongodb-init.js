// Makes the single node a replica set, once, and waits until it takes writes: transactions and
// change streams need one.
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] });
}
for (let second = 0; !db.hello().isWritablePrimary; second++) {
  if (second === 60) {
    print("no primary within 60 seconds");
    quit(1);
  }
  sleep(1000);
}
