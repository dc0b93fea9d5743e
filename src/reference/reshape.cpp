// A view has the elements of what it looks at: a backend never computes it, and nothing is to be defined here.
