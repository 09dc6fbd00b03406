# A study with a sweep is a study: estimate answers for the values it has itself.
$FLOPCAST estimate codesign-70b --set draws=10 --format csv | cut -d, -f1,2
