"""What every record of the contract is made of."""
