# Broken, deep, endless and absurd files end in one sentence.
S=$CASES/import/studies
try() { $FLOPCAST import --quiet "$@" >/dev/null; echo "exit $?" >&2; }
head -c 60 $S/gpt3-175b.json >cut.json && try cut.json
{ printf '{"num_blocks": '; head -c 100000 /dev/zero | tr '\0' '['; } >deep.json && try deep.json
sed 's/12288/1e999/' $S/gpt3-175b.json >huge.json && try huge.json
sed 's/12288/-12288/' $S/gpt3-175b.json >minus.json && try minus.json
sed 's/12288/"12288"/' $S/gpt3-175b.json >text.json && try text.json
sed 's/12288/1.5/' $S/gpt3-175b.json >part.json && try part.json
sed 's/"size": 8/"size": 0/' $S/a100.json >none.json && try $S/gpt3-175b.json $S/execution.json none.json
sed 's/0.85/1.85/' $S/a100.json >over.json && try $S/gpt3-175b.json $S/execution.json over.json
sed 's/TRAIN_ARGS="/TRAIN_ARGS=/' $S/mixtral.sh >quote.sh && try quote.sh
sed 's/"16"}/"16"/' $S/mixtral.sh >bracket.sh && try bracket.sh
sed 's/--hidden-size 4096/--hidden-size 1e999/' $S/mixtral.sh >huge.sh && try huge.sh
sed 's/--hidden-size 4096/--hidden-size -4096/' $S/mixtral.sh >minus.sh && try minus.sh
printf -- '--num-layers 4\0 --hidden-size 8' >zero.sh && try zero.sh
yes -- '--a 1' | head -c 2000000 >many.sh && try many.sh
head -c 17000000 /dev/zero | tr '\0' 'a' >big.sh && try big.sh
printf -- '--num-layers 4 --hidden-size 64 --num-attention-heads 4 --seq-length 8 --x "\033[31m\n# red"' >colour.sh
$FLOPCAST import colour.sh 2>&1 | grep -c "$(printf '\033')" || true
