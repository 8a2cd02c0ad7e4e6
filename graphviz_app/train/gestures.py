"""What keys and mouse do in the Train workspace, as the sheet of keys says it."""

ON_NETWORK = (
    ("Arrows", "From unit to unit"),
    ("Enter, or click", "Another weight or bias, also while it trains"),
    ("+ or −", "A unit more or fewer in this layer"),
    ("Insert", "Another layer behind this one"),
    ("Delete", "Without this layer"),
    ("A, or click a card", "Another activation"),
)
ON_POINTS = (
    ("Click", "Draw a point, where the data are drawn by hand"),
    ("Shift and click", "One of the other class"),
    ("Ctrl and click", "Take a point away"),
    ("Drag", "Draw many, freehand"),
)
