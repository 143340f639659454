"""The answerer's interfaces: the web page and the command line."""
