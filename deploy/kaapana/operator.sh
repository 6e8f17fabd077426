#!/bin/sh
# The loop of a classic Kaapana operator: every item of the batch is one run. It goes on after a
# refusal and ends with the exit code of the last one.
set -u
items=0 refusal=0
for item in "$WORKFLOW_DIR/$BATCH_NAME"/*/; do
  [ -d "$item$OPERATOR_IN_DIR" ] || continue
  items=$((items + 1))
  /var/holoscan/tools -i "$item$OPERATOR_IN_DIR" -o "$item$OPERATOR_OUT_DIR" || refusal=$?
done
[ "$items" -gt 0 ] || exit 3 # nothing readable
exit "$refusal"
