cat >config.json <<'TEXT'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
 "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
 "tie_word_embeddings": false, "max_position_embeddings": 131072}
TEXT
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --format json --set model=./config.json | grep '"params_total_count"'
cat >study.yaml <<'TEXT'
model: config.json
cluster: {chip: h100-sxm, chips: 64}
workload: {tokens: 1T, seq_len: 8192, global_batch: 512}
TEXT
$FLOPCAST estimate study.yaml --data "$DATA" --format json | grep '"params_total_count"'
