cd $CASES/import/studies && $FLOPCAST import gpt3-175b.json execution.json a100.json
