# cmake -D IN=page.html -D OUT=watch_page.h -P embed.cmake: a file as an array of bytes.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "inline constexpr unsigned char kPage[] = {${bytes}};\n")
