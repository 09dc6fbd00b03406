cd $CASES/import/studies && $FLOPCAST import mixtral.sh
