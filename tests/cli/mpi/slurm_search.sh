# The example for Slurm is a plain script: here with two ranks, broken off, submitted again, and without its words.
mask() { grep -vE '"(elapsed_s|plans_per_s)"'; }
mkdir bin && ln -s "$(realpath $FLOPCAST_MPI)" bin/flopcast-mpi
export PATH=$PWD/bin:$PATH OMPI_MCA_rmaps_base_oversubscribe=1
script=$CASES/../../examples/slurm/search.sbatch
bash -n $script && bash $script $CASES/search/study.yaml plans.json 2>noise || cat noise
ls
mask <plans.json >first.json
truncate -s 20000 plans.json.parts
SLURM_NTASKS=3 bash $script $CASES/search/study.yaml plans.json 2>noise
grep -o 'pieces are there already' noise
mask <plans.json | cmp - first.json && echo same
bash $script $CASES/search/study.yaml 2>noise
echo "exit $?"
grep -o 'which file .*' noise
