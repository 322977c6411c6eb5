namespace TreeRl
