"""The operations of the API, a module for each family: from a `Call` to the JSON of its answer."""
