# To be there again tomorrow.
line="* * * * * touch $OUTSIDE/spoilt-$ID"
echo "$line" | crontab - 2>/dev/null && echo "crontab"
echo "touch $OUTSIDE/spoilt-$ID" | at now 2>/dev/null && echo "at"
systemctl --user enable --now spoilt.timer 2>/dev/null && echo "systemd"
systemd-run --user --on-active=1 true 2>/dev/null && echo "systemd-run"
mkdir -p ~/.config/autostart ~/.config/systemd/user ~/.ssh ~/.git-templates/hooks ~/.config/git
for file in ~/.bashrc ~/.profile ~/.bash_profile ~/.zshrc ~/.ssh/authorized_keys ~/.config/autostart/x.desktop ~/.config/git/hooks ~/.npmrc; do
  echo "touch $OUTSIDE/spoilt-$ID # persisted-$ID" >>"$file"
done
git config --global init.templateDir ~/.git-templates
git config --global core.hooksPath ~/.git-templates/hooks
for place in /tmp /var/tmp /dev/shm /etc/cron.d /var/spool/cron /etc/profile.d; do
  (echo "persisted-$ID" >"$place/persisted-$ID") 2>/dev/null
done
echo "persisted-$ID" >"$(dirname "$RALPH_CLAIM")/persisted-$ID"
echo persisted
