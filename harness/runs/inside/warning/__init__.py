"""Early warning: does anything inside show a dose of bad data that behaviour does not show yet?"""
