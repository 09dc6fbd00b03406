for chip in h100-sxm H100_SXM trainium2 Trainium2 trainium2-ultra Trainium2_Ultra gb200-nvl72 GB200_NVL72; do
    $FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set "cluster.chip=$chip" --format json | sed -n '/"cluster": {/,/}/s/.*"chip": \("[a-z0-9-]*"\).*/\1/p' | tail -n 1
done
for model in gpt3-175b megatron-22b megatron-1t llama3-8b llama3-70b llama3-405b mixtral-8x7b deepseek-v3 dense-100t moe-100t; do
    $FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set cluster.chips=1M --set draws=200 --set workload.global_batch=16384 --set "model=$model" --format json >out.json 2>error.txt
    echo "$model: exit $? $(grep -o '"params_active_count": [0-9]*' out.json) $(grep -o 'no plan fits' error.txt)"
done
