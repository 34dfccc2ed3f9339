"""One module for each way of decoding; all take the whole file and give an `Image`, not upright.

They raise `DamagedError` or `UnsupportedError`, or whatever their library raises.
"""
