# What Doxygen reads of a page. A heading of one word is the target of links to #word. A link to a file that is no page
# becomes its text: the site does not contain the file. A link to a heading of another page leads to that page, because
# Doxygen does not find the heading.
s/^(#+ +)([a-z_]+)$/\1\2 {#\2}/
s/\[([^]]*)\]\([^):]*\.(cpp|c|h|hpp|comp|sh|py|cmake)\)/\1/g
s/\]\(([^):]+\.md)#[^)]*\)/](\1)/g
