"""What it means to state an embargoed matter: the matter made comparable, the text read, the verdict."""
