"""Project folders as a user has them. What belongs to the warehouse itself is not here."""
