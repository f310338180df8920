/* The passwords that attackers try first, in lower case and in the order of their bytes, for
 * dw_password_is_common. Far from all: the list of breached passwords (docs/accounts.md)
 * is the long one. */
#include <stdlib.h>

#include "base/text.h"
#include "oauth/password_policy.h"

/* clang-format off */
static const char *const common[] = {
    "000000", "00000000", "010203", "0987654321", "101010", "102030", "1029384756", "111111",
    "1111111", "11111111", "112233", "11223344", "112358", "121212", "123123", "123321", "1234",
    "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "1234abcd", "123654",
    "123abc", "123qwe", "123qweasd", "131313", "1314520", "147258", "147258369", "159357",
    "159753", "1q2w3e", "1q2w3e4r", "1q2w3e4r5t", "1qaz2wsx", "222222", "271828", "314159",
    "333333", "420420", "444444", "5201314", "555555", "654321", "666666", "696969", "741852963",
    "7654321", "777777", "7777777", "789456", "789456123", "87654321", "888888", "88888888",
    "963852741", "987654321", "999999", "a123456", "a12345678", "a1b2c3", "a1b2c3d4", "aa123456",
    "aaaaaa", "aaaaaaaa", "abc123", "abc12345", "abcabc", "abcd1234", "abcdef", "abcdefg",
    "abcdefgh", "abracadabra", "access", "access14", "admin", "admin1", "admin123", "admin1234",
    "administrator", "administrator1", "africa", "albert", "alberto", "alejandro", "alexander",
    "alexandra", "always", "amanda", "amazon", "america", "andrea", "andreas", "andrew", "android",
    "angel", "angela", "angelina", "angels", "anna", "anthony", "antonio", "anything", "apple",
    "april", "area51", "argentina", "army", "arsenal", "arthur", "asdf", "asdf1234", "asdfasdf",
    "asdfgh", "asdfghjkl", "ashley", "asshole", "audi", "august", "australia", "autumn", "azerty",
    "azertyuiop", "baby", "babyboy", "babygirl", "bacon", "bailey", "banana", "bangladesh",
    "barbara", "barcelona", "baseball", "baseball1", "basketball", "batman", "batman1", "bayern",
    "beach", "bear", "beatles", "beer", "beijing", "berlin", "bigdick", "biggie", "bird", "bitch",
    "biteme", "blackjack", "blessed", "blink182", "blizzard", "blossom", "bmw", "boss", "boston",
    "boxing", "brandon", "brasil", "brazil", "brian", "broncos", "brother", "buddy", "budweiser",
    "bulls", "bullshit", "burger", "business", "buster", "butter", "butterfly", "california",
    "callofduty", "camaro", "camel", "canada", "candy", "cannabis", "carlos", "casino", "cat",
    "cats", "celtic", "celtics", "champion", "change", "changeit", "changeme", "changeme123",
    "charles", "charlie", "charlie1", "cheese", "cheetah", "chelsea", "cherry", "chevrolet",
    "chevy", "chicago", "chicken", "chile", "china", "chocolate", "chocolate1", "christ",
    "christian", "church", "cisco", "cobra", "coding", "coffee", "company", "company1", "computer",
    "contrasena", "cookie", "cookie1", "cookies", "corporate", "correcthorse",
    "correcthorsebatterystaple", "corvette", "counter", "counterstrike", "cowboys", "crazy",
    "cricket", "crystal", "cubs", "cupcake", "daddy", "daisy", "dallas", "daniel", "darling",
    "david", "deadpool", "december", "default", "default1", "delhi", "demo", "denver", "desert",
    "deutschland", "devil", "diablo", "diamond", "docker", "dodgers", "dog", "doggie", "doggy",
    "dogs", "dollar", "dollars", "dolphin", "dominik", "donald", "doom", "dortmund", "dragon",
    "dragon1", "dragonball", "dropbox", "drummer", "dubai", "ducati", "duck", "eagle", "eagles",
    "eatme", "eduardo", "edward", "egypt", "elizabeth", "eminem", "emma", "employee", "energy",
    "england", "espana", "everton", "everything", "facebook", "faith", "falcon", "family",
    "father", "february", "felix", "fernando", "ferrari", "fireman", "fish", "fisher", "florian",
    "florida", "flower", "flowers", "football", "football1", "forest", "forever", "forgot",
    "forgotten", "fortnite", "fortune", "france", "francisco", "freedom", "friday", "friend",
    "friends", "frodo", "frog", "fuckme", "fuckoff", "fuckyou", "funny", "gamer", "gaming",
    "gandalf", "gangster", "garden", "garfield", "genius", "george", "germany", "giants", "ginger",
    "github", "gitlab", "gmail", "god", "goku", "golden", "golf", "golfer", "goodbye", "google",
    "grace", "guest", "guest123", "guinness", "guitar", "hacker", "hackme", "halo", "hamburg",
    "hannah", "happy", "harley", "harry", "harrypotter", "haslo", "hawaii", "heaven", "heineken",
    "hell", "hello", "hello1", "hello123", "hellokitty", "helloworld", "henry", "hero", "heslo",
    "hobbit", "hockey", "hogwarts", "honda", "honey", "honeybun", "hope", "horse", "hotmail",
    "hottie", "houston", "hugs", "hunter", "hurricane", "hustler", "idiot", "ilovegod",
    "ilovejesus", "iloveu", "iloveyou", "iloveyou1", "iloveyou2", "india", "indonesia",
    "instagram", "inter", "internet", "iphone", "ireland", "ironman", "isabella", "island",
    "israel", "istanbul", "italia", "italy", "jack", "jackpot", "jaguar", "jakarta", "james",
    "january", "japan", "jasmine", "java", "javascript", "jenkins", "jennifer", "jessica", "jesus",
    "jesus1", "jetaime", "jewel", "john", "joker", "jordan", "jordan1", "jordan23", "joseph",
    "joshua", "julia", "july", "june", "justice", "justin", "juventus", "karate", "katherine",
    "kawasaki", "kevin", "king", "kisses", "kitten", "kitty", "korea", "kubernetes", "ladybug",
    "lakers", "lamborghini", "laura", "legend", "legolas", "lemon", "leopard", "letmein",
    "letmein1", "liberty", "lightning", "lily", "linkedin", "linux", "lion", "lisa", "liverpool",
    "liverpoolfc", "lkjhgfdsa", "login", "london", "loser", "lottery", "louis", "love", "lovely",
    "loveme", "lover", "lovers", "loveyou", "lozinka", "lucas", "lucky", "lucky13", "lucky7",
    "lucy", "luigi", "luke", "macintosh", "maggie", "magic", "mama", "manager", "manchester",
    "manutd", "march", "marcus", "maria", "marijuana", "marina", "marine", "mario", "mark",
    "marlboro", "martin", "maryjane", "master", "master1", "master123", "matrix", "matthew", "max",
    "maxwell", "melbourne", "melissa", "mercedes", "merlin", "metallica", "mexico", "michael",
    "michael1", "michelle", "mickey", "mickeymouse", "microsoft", "milan", "milano", "million",
    "millionaire", "minecraft", "minnie", "mnbvcxz", "molly", "mommy", "monday", "money", "monkey",
    "monkey1", "moonlight", "moscow", "motdepasse", "mother", "mountain", "muffin", "mumbai",
    "munich", "music", "mustang", "mypass", "mypassword", "mypassword1", "mysql", "mystery",
    "mystic", "naruto", "nascar", "natalie", "natasha", "navy", "ncc1701", "netflix", "never",
    "newpassword", "newyork", "nicole", "nigeria", "ninja", "nintendo", "nirvana", "nokia",
    "nopass", "nopassword", "nothing", "november", "ocean", "october", "office", "oliver",
    "olivia", "onepiece", "opensesame", "operator", "oracle", "orange", "outlook", "p4ssw0rd",
    "p@ssw0rd", "p@ssword", "pa55word", "packers", "pakistan", "panther", "papa", "paris",
    "parola", "pass", "pass123", "pass1234", "passord", "passpass", "passw0rd", "passw0rd1",
    "password", "password1", "password12", "password123", "password1234", "passwort", "patricia",
    "patrick", "patriots", "paul", "paypal", "peace", "peanut", "pepper", "peter", "philippines",
    "phoenix", "pikachu", "pizza", "platinum", "playboy", "player", "playstation", "please",
    "poiuytrewq", "pokemon", "poker", "police", "pony", "porsche", "postgres", "potato", "power",
    "prince", "princess", "princess1", "private", "public", "pumpkin", "puppy", "pussy", "python",
    "q1w2e3r4", "qazwsx", "qazwsxedc", "qqqqqq", "qqqqqqqq", "quake", "queen", "qwe123", "qweasd",
    "qweasdzxc", "qwer1234", "qwerty", "qwerty1", "qwerty12", "qwerty123", "qwerty1234",
    "qwerty12345", "qwertyuiop", "qwertz", "qwertzuiop", "r2d2c3po", "rabbit", "racing", "raiders",
    "rainbow", "rangers", "realmadrid", "redsox", "remember", "ricardo", "rich", "richard",
    "river", "robert", "roberto", "robin", "roblox", "rocknroll", "rockstar", "rocky", "rolling",
    "roma", "ronald", "root", "root123", "rose", "roses", "router", "ruby", "rugby", "runner",
    "running", "russia", "rusty", "sabrina", "salasana", "samantha", "samsung", "samurai",
    "sandra", "sarah", "sasuke", "saturday", "schalke", "scorpion", "scotland", "sebastian",
    "secret", "secret1", "secretword", "senha", "september", "server", "service", "sesame", "sexy",
    "sexygirl", "shadow", "shadow1", "shark", "shazam", "silly", "silver", "simon", "sister",
    "slipknot", "smile", "smiley", "snake", "snapchat", "snoopdog", "snoopy", "soccer", "soldier",
    "something", "sonic", "sophia", "sophie", "sorry", "spain", "spider", "spiderman", "spring",
    "spring2020", "starcraft", "starlight", "startrek", "starwars", "steelers", "stefan",
    "stephanie", "steven", "stoner", "storm", "strawberry", "stupid", "success", "suckit", "sugar",
    "summer", "summer2020", "sunday", "sunshine", "sunshine1", "superman", "superman1",
    "superstar", "support", "suzuki", "sweetheart", "sweetie", "swimming", "sydney", "system",
    "tea", "teamo", "temp", "temp123", "temporary", "tennis", "tequiero", "tequila", "terminator",
    "test", "test123", "test1234", "testing", "texas", "thailand", "thankyou", "thepassword",
    "thomas", "thuglife", "thunder", "thursday", "thx1138", "tiamo", "tiger", "tiktok", "tobias",
    "today", "tokyo", "tomato", "tomorrow", "toor", "tornado", "tottenham", "toyota", "treasure",
    "trustno1", "tuesday", "tulip", "tupac", "turkey", "turtle", "twitter", "ubuntu", "unicorn",
    "usa", "user", "user123", "vanessa", "vegas", "vegeta", "veronica", "victoria", "victory",
    "vietnam", "violet", "viper", "vodka", "voldemort", "volleyball", "wachtwoord", "walter",
    "warcraft", "warrior", "wednesday", "weed420", "welcome", "welcome1", "welcome123", "whale",
    "whatever", "whiskey", "william", "windows", "windows10", "winner", "winter", "winter2020",
    "wizard", "woaini", "wolf", "wolverine", "work", "working", "wrestling", "wutang", "xbox",
    "xbox360", "xxx", "xxxxxx", "yahoo", "yamaha", "yankees", "yourpassword", "youtube",
    "zaq12wsx", "zaq1zaq1", "zelda", "zxcv", "zxcvbn", "zxcvbnm", "zzzzzz",
};
/* clang-format on */

#define LONGEST 48
#define MOST_ENDING 4

static int compare(const void *word, const void *row)
{
    return strcmp(word, *(const char *const *)row);
}

static bool is_listed(const char *word)
{
    return bsearch(word, common, sizeof common / sizeof *common, sizeof *common, compare) != NULL;
}

static bool is_ending(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte && strchr("!?.*#$@", byte));
}

bool dw_password_is_common(struct dw_slice password)
{
    char word[LONGEST + 1];
    size_t len = password.len;

    if (len == 0 || len > LONGEST)
        return false;
    for (size_t i = 0; i < len; i++)
        word[i] = dw_char_lower(password.ptr[i]);
    word[len] = '\0';
    if (is_listed(word))
        return true;
    /* "Dragon2024!" is no better than "dragon". */
    for (int i = 0; i < MOST_ENDING + 1 && len > 1 && is_ending(word[len - 1]); i++) {
        word[--len] = '\0';
        if (is_listed(word))
            return true;
    }
    return false;
}
