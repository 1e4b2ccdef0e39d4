"""The words of the wire: what is asked (`…In`), what is told (`…Out`). Strict, and closed to unknown fields."""
