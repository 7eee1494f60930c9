"""How near a party's money is to listed parties, with an explanation that adds up to the score."""
