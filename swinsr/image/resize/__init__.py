"""Resampling: MATLAB's, whole or in rows, and Pillow's."""
