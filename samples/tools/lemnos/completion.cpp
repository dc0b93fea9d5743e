// lemnos completion: what a shell offers behind TAB, made from the parser itself.

#include <cstdio>
#include <memory>
#include <vector>

#include "base/text.h"
#include "commands.h"

namespace lemnos::tool {

namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// Options and commands that may follow `command`.
std::string words_of(const CLI::App& command) {
  std::string out;
  for (const CLI::App* sub : commands_of(command)) out += (out.empty() ? "" : " ") + sub->get_name();
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) out += (out.empty() ? "--" : " --") + name;
  return out;
}

// Of zsh too, which reads it with bashcompinit.
void print_bash(const CLI::App& app) {
  std::printf("_lemnos() {\n  local words word=${COMP_WORDS[COMP_CWORD]}\n  case ${COMP_WORDS[1]} in\n");
  for (const CLI::App* sub : commands_of(app))
    std::printf("    %s) words='%s' ;;\n", sub->get_name().c_str(), words_of(*sub).c_str());
  std::printf("    *) words='' ;;\n  esac\n  [ \"$COMP_CWORD\" -gt 1 ] || words='%s'\n", words_of(app).c_str());
  std::printf("  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\ncomplete -o default -F _lemnos lemnos\n");
}

std::string quoted_fish(const std::string& word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

void print_fish(const CLI::App& app) {
  for (const CLI::App* sub : commands_of(app)) {
    std::printf("complete -c lemnos -n __fish_use_subcommand -a %s -d %s\n", sub->get_name().c_str(),
                quoted_fish(sub->get_description()).c_str());
    for (const CLI::Option* option : sub->get_options())
      for (const std::string& name : option->get_lnames())
        std::printf("complete -c lemnos -n '__fish_seen_subcommand_from %s' -l %s -d %s\n", sub->get_name().c_str(),
                    name.c_str(), quoted_fish(option->get_description()).c_str());
  }
}

}  // namespace

Command add_completion(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* sub = app.add_subcommand("completion", "Print what makes TAB complete commands and options");
  sub->add_option("shell", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  sub->footer(
      "Examples:\n"
      "  lemnos completion bash > ~/.local/share/bash-completion/completions/lemnos\n"
      "  lemnos completion zsh >> ~/.zshrc\n"
      "  lemnos completion fish > ~/.config/fish/completions/lemnos.fish\n"
      "Status: 0 printed; 2 another shell.");
  return [shell, &app] {
    if (*shell == "zsh") std::printf("autoload -U +X bashcompinit && bashcompinit\n");
    if (*shell == "fish")
      print_fish(app);
    else
      print_bash(app);
    return 0;
  };
}

}  // namespace lemnos::tool
