echo old >x.json; $FLOPCAST list nonsense -o x.json; echo "exit $?"; cat x.json; ls
