# What one rank left, three go on with, wherever it was torn or where nothing is; the whole file answers alone.
mask() { grep -vE '"(elapsed_s|plans_per_s)"'; }
study=$CASES/search/study.yaml
$MPI 1 $FLOPCAST_MPI search $study --journal whole.parts --quiet -o one.json 2>noise || cat noise
for cut in none 30 20000 $(wc -c <whole.parts); do
    rm -f part.parts
    [ $cut = none ] || head -c $cut whole.parts >part.parts
    $MPI 3 $FLOPCAST_MPI search $study --journal part.parts --resume --quiet -o part.json 2>noise || cat noise
    cmp <(mask <part.json) <(mask <one.json) && cmp whole.parts part.parts && echo same
done
