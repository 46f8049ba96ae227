"""The page on which a person allows a program to act for them."""
