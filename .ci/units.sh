# Sourced: source files joined into few units, so that headers are read once for many.

# write_units FOLDER MOST FILES...: a unit for each folder of src, or several of at most MOST files.
write_units() {
  local to=$1 most=$2 file name unit
  local -A count=()
  shift 2
  for file in "$@"; do
    name=$(basename "$(dirname "$file")")
    count[$name]=$((${count[$name]:-0} + 1))
    unit="$to/$name-$(((${count[$name]} - 1) / most)).cpp"
    case $file in
      src/api/c_share.cpp | src/api/c_vulkan.cpp) unit="$to/$(basename "$file")" ;;  # lemnos.h behind Vulkan's headers
    esac
    echo "#include \"$PWD/$file\"" >>"$unit"
  done
}
