"""A folder for each thing that a front end can ask for, by its name in the URL. A feature never imports a feature."""
