# Deletes folders of data. Follows reset.sh.
#
# FOLDERS      absolute, a line each
# DELETE_DATA  yes

# A loop that reads from a pipe could not fail the script, so all are checked before any is touched.
set -f
line_end='
'
old_ifs=$IFS
IFS=$line_end
for folder in $FOLDERS; do
  IFS=$old_ifs
  check_data "$folder"
done
IFS=$line_end
for folder in $FOLDERS; do
  IFS=$old_ifs
  settle_data "$folder" yes
done
