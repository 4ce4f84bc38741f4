// Belongs to the target whose precompiled headers the tests share, which needs a file.
int main() {}
