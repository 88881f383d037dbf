"""One run on several processes: the grid cut into tiles, one worker each, to the same bits as in one process."""
