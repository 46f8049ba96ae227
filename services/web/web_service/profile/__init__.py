"""Who a person is here: names, picture, address, zone, and the end of the account."""
