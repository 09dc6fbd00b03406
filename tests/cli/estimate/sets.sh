$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set model=llama3-70b --set cluster.chips=512 --set workload.dtype=fp8 --set workload.seq_len=4096 \
    --set workload.global_batch=1024 --set stack.reserve=2GiB --set stack.flash_attention=true --set plan.tp=4 --set deal.share=50% \
    --set cluster.pue=1.3 --set cluster.chip.memory=141GB --set model.vocab=128k --set seed=3 --set draws=50 --format json |
    grep -E '"(dtype|seq_len|share|pue|chips|memory_bytes|vocab|seed|draws)"'
