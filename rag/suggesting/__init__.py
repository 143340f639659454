"""Documents → questions that they answer, to click on."""
