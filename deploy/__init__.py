"""How Onevoice is run: the local stack, images and the configuration of what stands around the services."""
