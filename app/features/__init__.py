"""What a front end can ask for, one folder each, named like the URL. A feature never imports a feature."""
