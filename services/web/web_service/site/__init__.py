"""What every page for people is made of: layout, texts, cookies, forms, and who is signed in."""
