/** Its login was refused, as the plain manner tells it. */
process.stderr.write("Error: the login has expired\n");
process.exitCode = 77;
