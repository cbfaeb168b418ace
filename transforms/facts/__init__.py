"""How rows of core are worked out, where it takes more than one table or more than a page; no table lies here."""
