"""The drawing of a protocol: plan what is shown where, measure it, put it in place, write it as SVG."""
