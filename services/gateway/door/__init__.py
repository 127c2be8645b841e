"""What every request passes: keys, quotas, cursors, parameters, problems, and the description of it all."""
