// The zone of this browser, for an account that has none yet. Without scripts it is chosen in the profile.
const field = document.querySelector("input[data-zone]");
if (field) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
