cd $CASES/export && for s in gpt3 llama moe; do $FLOPCAST estimate $s.yaml --format torchtitan; done
