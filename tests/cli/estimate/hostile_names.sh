printf 'name: "x\\e[31m; rm -rf"\nmodel: {base: llama3-8b, name: "a\\e]0;b"}\ncluster: {chip: h100-sxm, chips: 64}\nworkload: {tokens: 1T, seq_len: 8192, global_batch: 512}\n' >study.yaml
$FLOPCAST estimate study.yaml --data "$DATA" >text
head -n 1 text | cut -d: -f1
LC_ALL=C tr -d '\n\040-\176\200-\377' <text | wc -c
