# 70 bytes are no whole floats for each of four ranks: the next size that is.
$MPI 4 $FLOPCAST_MPI bench --budget 1s --least-bytes 70 --most-bytes 70 --format csv -o four.json 2>noise |
    cut -d, -f1-3,8,17
ls
