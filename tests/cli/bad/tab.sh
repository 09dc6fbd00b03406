cat >study.yaml <<'TEXT'
model:	llama3-8b
	cluster: 3
TEXT
$FLOPCAST estimate study.yaml --data "$DATA"
