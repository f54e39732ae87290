"""What every service's HTTP side has in common: problem details, keys, health, serving."""
