"""The generating half: from the store at a commit to the site of that commit. It never imports the accepting half."""
