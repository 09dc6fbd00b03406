cat >config.json <<'TEXT'
{"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 32, "num_attention_heads": 32,
 "intermediate_size": 14336, "vocab_size": 128256}
TEXT
$FLOPCAST estimate "$CASES/bad/data/run.yaml" --data "$DATA" --set model=config.json
