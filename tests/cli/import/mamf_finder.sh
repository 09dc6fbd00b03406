T=$CASES/import/tables
cp "$T"/mamf_v*.txt .
for version in 1 2 4; do
    $FLOPCAST bench --import mamf_v$version.txt -o out.json | grep '^Imported\|mamf_v\|^All\|; [0-9]* shapes' |
        sed 's/ceiling .*launch [^;]*;/…;/; s/off by.*on/…/'
done
