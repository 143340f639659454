"""Recipe of the bundled encoder; never imported at run time."""
